rule restore:
    # The clean images are no input: a prior sees the problem and nothing else.
    input:
        problems=layout.problems(),
        learned=lambda wildcards: plan.model_files(wildcards.prior)
        + plan.tunings.outputs(wildcards.task, wildcards.prior),
    output:
        layout.runs(),
    log:
        layout.log("restore", "dataset", "task", "prior", "chunk"),
    benchmark:
        layout.benchmark("restore", "dataset", "task", "prior", "chunk")
    retries: plan.experiment.retries
    threads: lambda wildcards: plan.prior(wildcards.prior).resources.threads
    resources:
        mem_mb=lambda wildcards, attempt: plan.limits.memory(
            wildcards.prior, wildcards.dataset, attempt
        ),
        runtime=lambda wildcards, attempt: plan.limits.restoring(
            wildcards.dataset, wildcards.prior, wildcards.chunk, attempt
        ),
        gpu=lambda wildcards: plan.prior(wildcards.prior).resources.gpus,
        final=lambda wildcards, attempt: plan.limits.is_final(attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.restored(cell_of(wildcards)),
        lost=lambda wildcards: plan.lost.times(
            "restore", cell_of(wildcards), wildcards.chunk
        ),
        images=lambda wildcards: plan.chunk(
            wildcards.dataset, wildcards.prior, wildcards.chunk
        ),
    shell:
        "python -m priorbench restore-chunk --config {params.config:q} --dataset {wildcards.dataset:q}"
        " --task {wildcards.task:q} --prior {wildcards.prior:q} --chunk {wildcards.chunk:q}"
        " --final {resources.final} > {log:q} 2>&1"
