rule score:
    # The clean images are read too, and need no edge of their own: the problems are made from them. With it a dry run of
    # many images takes twice as long, since Snakemake looks through all of their files for each job.
    input:
        problems=layout.problems(),
        runs=layout.runs(),
    output:
        layout.scores(),
    log:
        layout.log("score", "dataset", "task", "prior", "chunk"),
    retries: plan.experiment.retries
    localrule: plan.limits.is_brief
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: plan.limits.scoring(
            wildcards.dataset, wildcards.prior, wildcards.chunk, attempt
        ),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.scores(cell_of(wildcards)),
    shell:
        "python -m priorbench score --config {params.config:q} --dataset {wildcards.dataset:q}"
        " --task {wildcards.task:q} --prior {wildcards.prior:q} --chunk {wildcards.chunk:q} > {log:q} 2>&1"


rule gather_prior:
    input:
        runs=lambda wildcards: plan.job_files(layout.runs, [wildcards.prior]),
        scores=lambda wildcards: plan.job_files(layout.scores, [wildcards.prior]),
    output:
        layout.gathered("runs"),
        layout.gathered("scores"),
    log:
        layout.log("gather", "prior"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.stage("gather"),
    shell:
        "python -m priorbench gather --config {params.config:q} --prior {wildcards.prior:q} > {log:q} 2>&1"


rule gather:
    input:
        runs=[layout.gathered("runs", prior) for prior in plan.priors],
        scores=[layout.gathered("scores", prior) for prior in plan.priors],
    output:
        layout.result("runs"),
        layout.result("scores"),
        layout.costs(),
    log:
        layout.log("gather_all"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.stage("gather"),
    shell:
        "python -m priorbench gather --config {params.config:q} > {log:q} 2>&1"
