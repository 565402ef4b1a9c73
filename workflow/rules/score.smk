rule score:
    # The clean images are read too, and need no edge of their own: the problems are made from them. With it a dry run of
    # many images takes twice as long, since Snakemake looks through all of their files for each job.
    input:
        layout.runs(),
    output:
        layout.scores(),
    log:
        layout.log("score", "dataset", "prior", "chunk"),
    retries: plan.experiment.retries
    localrule: plan.limits.is_brief
    resources:
        processors=1,
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: plan.limits.scoring(
            chunk_of(plan, wildcards), attempt
        ),
    params:
        config=CONFIG,
        fingerprint=lambda wildcards: plan.fingerprints.scores(
            chunk_of(plan, wildcards)
        ),
    shell:
        "python -m priorbench score --config {params.config:q} --dataset {wildcards.dataset:q}"
        " --prior {wildcards.prior:q} --chunk {wildcards.chunk:q} > {log:q} 2>&1"


rule gather:
    input:
        runs=[layout.runs(chunk) for chunk in plan.all_chunks()],
        scores=[layout.scores(chunk) for chunk in plan.all_chunks()],
    output:
        layout.result("runs"),
        layout.result("scores"),
        layout.costs(),
    log:
        layout.log("gather"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=CONFIG,
        fingerprint=plan.fingerprints.stage("gather"),
    shell:
        "python -m priorbench gather --config {params.config:q} > {log:q} 2>&1"
