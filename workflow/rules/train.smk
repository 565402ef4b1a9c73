rule train:
    input:
        images=lambda wildcards: layout.images(plan.prior(wildcards.prior).train_on),
    output:
        layout.training(),
        layout.curve(),
    log:
        layout.log("train", "prior"),
    # Longest first: the restorations of a learning prior wait for it.
    priority: 10
    retries: plan.experiment.retries
    threads: lambda wildcards: plan.prior(wildcards.prior).resources.threads
    resources:
        processors=lambda wildcards, threads: threads,
        mem_mb=lambda wildcards, attempt: plan.limits.memory(
            wildcards.prior, plan.prior(wildcards.prior).train_on, attempt
        ),
        runtime=lambda wildcards: plan.limits.training(wildcards.prior),
        gpu=lambda wildcards: plan.prior(wildcards.prior).resources.gpus,
        final=lambda wildcards, attempt: plan.limits.is_final(attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.training(wildcards.prior),
        lost=lambda wildcards: plan.lost.times("train", wildcards.prior),
    shell:
        "python -m priorbench train --config {params.config:q} --prior {wildcards.prior:q}"
        " --final {resources.final} > {log:q} 2>&1"
