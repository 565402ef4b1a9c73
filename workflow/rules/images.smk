rule configuration:
    output:
        layout.config(),
    log:
        layout.log("configuration"),
    benchmark:
        layout.benchmark("configuration")
    localrule: True
    params:
        experiment=plan.frozen,
    shell:
        "python -m priorbench config freeze --output {output:q} {params.experiment:q} > {log:q} 2>&1"


rule prepare:
    input:
        config=ancient(layout.config()),
        files=lambda wildcards: plan.dataset(wildcards.dataset).files,
    output:
        layout.images(),
    log:
        layout.log("prepare", "dataset"),
    benchmark:
        layout.benchmark("prepare", "dataset")
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        fingerprint=lambda wildcards: plan.dataset(wildcards.dataset).fingerprint,
    shell:
        "python -m priorbench prepare --config {input.config:q} --dataset {wildcards.dataset} > {log:q} 2>&1"
