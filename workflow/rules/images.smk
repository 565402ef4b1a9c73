rule prepare:
    # Snakemake takes a brace in the name of a file for a wildcard; it can't watch such a file.
    input:
        files=lambda wildcards: [
            file for file in plan.dataset(wildcards.dataset).files if "{" not in file
        ],
    output:
        layout.images(),
    log:
        layout.log("prepare", "dataset"),
    retries: plan.experiment.retries
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: plan.data_minutes(wildcards.dataset, attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.images(wildcards.dataset),
        lost=lambda wildcards: plan.lost.times("prepare", wildcards.dataset),
    shell:
        "python -m priorbench prepare --config {params.config:q} --dataset {wildcards.dataset:q} > {log:q} 2>&1"
