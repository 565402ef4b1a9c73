rule draw:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
    output:
        [
            report(
                layout.figure(name, "svg"),
                caption=caption_of(plan, name),
                category="Figures",
                labels={"figure": name},
            )
            for name in plan.figures
        ],
        [layout.figure(name, "png") for name in plan.figures],
    log:
        layout.log("draw"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.shown("draw"),
    shell:
        "python -m priorbench draw --config {params.config:q} > {log:q} 2>&1"
