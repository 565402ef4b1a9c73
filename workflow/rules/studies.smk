rule study:
    input:
        # Only the jobs of the priors and tasks that it looks at.
        runs=lambda wildcards: map(layout.runs, plan.study_chunks(wildcards.study)),
        scores=lambda wildcards: map(layout.scores, plan.study_chunks(wildcards.study)),
        trainings=lambda wildcards: [
            file
            for prior in plan.study(wildcards.study).priors
            for file in plan.model_files(prior)
        ],
        # Also one that looks at models alone may look at any test image.
        images=map(layout.images, plan.test),
    output:
        # What is in the report is said for all studies at once, and some have an SVG that is larger than their PNG.
        report(
            layout.study(suffix="png"),
            caption="../report/study.rst",
            category="Studies",
            labels={"study": "{study}", "shows": "figure"},
        ),
        report(
            layout.study(suffix="html"),
            caption="../report/study.rst",
            category="Studies",
            labels={"study": "{study}", "shows": "claims and numbers"},
        ),
        layout.study(suffix="svg"),
        layout.study(suffix="csv"),
        layout.study(suffix="md"),
        layout.study(suffix="json"),
    log:
        layout.log("study", "study"),
    threads: lambda wildcards: plan.study(wildcards.study).spec.resources.threads
    resources:
        processors=lambda wildcards, threads: threads,
        mem_mb=lambda wildcards: plan.study(wildcards.study).spec.resources.memory_mb,
        runtime=lambda wildcards: int(
            plan.study(wildcards.study).spec.resources.minutes
        )
        + 1,
    params:
        config=CONFIG,
        caption=lambda wildcards: plan.study(wildcards.study).spec.caption,
        fingerprint=lambda wildcards: plan.fingerprints.study(wildcards.study),
    shell:
        "python -m priorbench study --config {params.config:q} --study {wildcards.study:q} > {log:q} 2>&1"


rule claims:
    input:
        [layout.study(name, "json") for name in plan.studies],
    output:
        report(
            layout.table("claims", "html"),
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
        [layout.table("claims", suffix) for suffix in ("csv", "md", "tex")],
    log:
        layout.log("claims"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.stage("claims"),
    shell:
        "python -m priorbench claims --config {params.config:q} > {log:q} 2>&1"
