rule tables:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
    output:
        report(
            [layout.table(name, "md") for name in plan.tables],
            caption="../report/table.rst",
            category="Tables",
        ),
        [
            layout.table(name, suffix)
            for name in plan.tables
            for suffix in ("csv", "tex")
        ],
        layout.table("paired", "csv"),
    log:
        layout.log("tables"),
    benchmark:
        layout.benchmark("tables")
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        labels=plan.labels,
    shell:
        "python -m priorbench tabulate --config {CONFIG:q} > {log:q} 2>&1"
