rule site:
    # The pictures are no inputs: whenever one changes, so do the rows.
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
        tables=[layout.table(name, "html") for name in plan.tables],
        figures=[layout.figure(name, "svg") for name in plan.figures],
        studies=[layout.study(name, "html") for name in plan.studies],
        claims=[layout.table("claims", "csv")] if plan.studies else [],
    output:
        # Everything else in its folder is there when this is.
        layout.site().page(),
    log:
        layout.log("site"),
    localrule: True
    threads: 2
    resources:
        processors=lambda wildcards, threads: threads,
        mem_mb=2000,
        runtime=60,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.site(),
    shell:
        "python -m priorbench site --config {params.config:q} --processes {threads} > {log:q} 2>&1"
