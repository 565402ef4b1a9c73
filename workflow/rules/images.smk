rule prepare:
    # The image files are no inputs: their content is in the fingerprint, and Snakemake can't have any name.
    output:
        layout.images(),
    log:
        layout.log("prepare", "dataset"),
    retries: plan.experiment.retries
    # It may have to download, and nodes of clusters seldom reach the network. Other local rules are seconds of work, and
    # would wait longer in the queue than they run. `localrules:` would not find them in a module, where they have other
    # names.
    localrule: True
    resources:
        processors=1,
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: plan.limits.data(wildcards.dataset, attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.images(wildcards.dataset),
        lost=lambda wildcards: plan.lost.times("prepare", wildcards.dataset),
    shell:
        "python -m priorbench prepare --config {params.config:q} --dataset {wildcards.dataset:q} > {log:q} 2>&1"
