rule corrupt:
    input:
        # The files that a task reads are no inputs, as those of `prepare`.
        layout.images(),
    output:
        layout.problems(),
    log:
        layout.log("corrupt", "dataset", "task"),
    retries: plan.experiment.retries
    localrule: plan.limits.is_brief
    resources:
        processors=1,
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: plan.limits.data(wildcards.dataset, attempt),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.problems(
            wildcards.dataset, wildcards.task
        ),
        lost=lambda wildcards: plan.lost.times(
            "corrupt", wildcards.dataset, wildcards.task
        ),
    shell:
        "python -m priorbench corrupt --config {params.config:q} --dataset {wildcards.dataset:q}"
        " --task {wildcards.task:q} > {log:q} 2>&1"
