rule restore:
    # The clean images are no input: a prior sees the problems and nothing else.
    input:
        lambda wildcards: plan.restoring_inputs(chunk_of(plan, wildcards)),
    output:
        layout.runs(),
    log:
        layout.log("restore", "dataset", "prior", "chunk"),
    retries: plan.experiment.retries
    threads: lambda wildcards: plan.prior(wildcards.prior).resources.threads
    resources:
        processors=lambda wildcards, threads: threads,
        mem_mb=lambda wildcards, attempt: plan.limits.memory(
            wildcards.prior, wildcards.dataset, attempt
        ),
        runtime=lambda wildcards, attempt: plan.limits.restoring(
            chunk_of(plan, wildcards), attempt
        ),
        gpu=lambda wildcards: plan.prior(wildcards.prior).resources.gpus,
        final=lambda wildcards, attempt: plan.limits.is_final(attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.runs(chunk_of(plan, wildcards)),
        lost=lambda wildcards: plan.lost.times("restore", chunk_of(plan, wildcards)),
    shell:
        "python -m priorbench restore-chunk --config {params.config:q} --dataset {wildcards.dataset:q}"
        " --prior {wildcards.prior:q} --chunk {wildcards.chunk:q} --final {resources.final}"
        " > {log:q} 2>&1"
