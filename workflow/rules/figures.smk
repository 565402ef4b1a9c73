rule figure:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
    output:
        report(
            layout.figure(suffix="svg"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        layout.figure(suffix="png"),
    log:
        layout.log("draw", "figure"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.shown("draw"),
    shell:
        "python -m priorbench draw --config {params.config:q} --figure {wildcards.figure:q} > {log:q} 2>&1"
