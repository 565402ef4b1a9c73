rule tabulate:
    input:
        runs=layout.result("runs"),
        scores=layout.result("scores"),
    output:
        [
            report(
                layout.table(name, "html"),
                caption="../report/table.rst",
                category="Tables",
                labels={"table": name},
            )
            for name in plan.tables
        ],
        [
            layout.table(name, suffix)
            for name in plan.tables
            for suffix in ("csv", "md", "tex")
        ],
        layout.catalogue(),
    log:
        layout.log("tabulate"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.shown("tabulate"),
        catalogue=plan.fingerprints.catalogued(),
    shell:
        "python -m priorbench tabulate --config {params.config:q} > {log:q} 2>&1"


# The tables of what is finished. Without an input it has nothing computed, without an output it runs whenever it is asked
# for. While another Snakemake runs here it needs --nolock: Snakemake 9 would remove the other one's lock at its end.
rule tabulate_partial:
    log:
        layout.log("tabulate_partial"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
    shell:
        "python -m priorbench tabulate --partial --config {params.config:q} 2>&1 | tee {log:q}"
