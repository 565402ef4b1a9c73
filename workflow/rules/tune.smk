rule tune:
    # Training images only: nothing of the test sets is an input.
    input:
        images=lambda wildcards: layout.images(plan.prior(wildcards.prior).tune_on),
        model=lambda wildcards: plan.model_files(wildcards.prior),
        tuned=lambda wildcards: plan.tunings.inputs(wildcards.target, wildcards.prior),
    output:
        layout.tuned(),
    log:
        layout.log("tune", "target", "prior"),
    # The restorations of a tuned prior wait for it.
    priority: 5
    retries: plan.experiment.retries
    threads: lambda wildcards: plan.prior(wildcards.prior).resources.threads
    resources:
        processors=lambda wildcards, threads: threads,
        mem_mb=lambda wildcards, attempt: plan.limits.memory(
            wildcards.prior, plan.prior(wildcards.prior).tune_on, attempt
        ),
        runtime=lambda wildcards: plan.limits.tuning(wildcards.target, wildcards.prior),
        gpu=lambda wildcards: plan.prior(wildcards.prior).resources.gpus,
        final=lambda wildcards, attempt: plan.limits.is_final(attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.tuning(
            wildcards.target, wildcards.prior
        ),
    shell:
        "python -m priorbench tune --config {params.config:q} --target {wildcards.target:q}"
        " --prior {wildcards.prior:q} --final {resources.final} > {log:q} 2>&1"
