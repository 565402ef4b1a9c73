rule draw:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
    output:
        [
            report(
                layout.figure(name, report_format(plan, name)),
                caption=caption_of(plan, name),
                category="Figures",
                labels={"figure": name},
            )
            for name in plan.figures
        ],
        [
            layout.figure(name, suffix)
            for name in plan.figures
            for suffix in {"svg", "png"} - {report_format(plan, name)}
        ],
    log:
        layout.log("draw"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.shown("draw"),
    shell:
        "python -m priorbench draw --config {params.config:q} > {log:q} 2>&1"
