rule study:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
        curves=[layout.curve(prior) for prior in plan.learners],
    output:
        report(
            layout.study(suffix="svg"),
            caption="../report/study.rst",
            category="Studies",
            labels={"study": "{study}"},
        ),
        layout.study(suffix="png"),
        layout.study(suffix="csv"),
    log:
        layout.log("study", "study"),
    benchmark:
        layout.benchmark("study", "study")
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        caption=lambda wildcards: plan.study(wildcards.study).record.caption,
        fingerprint=lambda wildcards: plan.study_fingerprint(wildcards.study),
        labels=plan.labels,
    shell:
        "python -m priorbench study --config {params.config:q} --study {wildcards.study} > {log:q} 2>&1"
