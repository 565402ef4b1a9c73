rule prepare:
    input:
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
        config=CONFIG,
        fingerprint=lambda wildcards: plan.dataset(wildcards.dataset).fingerprint,
    shell:
        "python -m priorbench prepare --config {params.config:q} --dataset {wildcards.dataset} > {log:q} 2>&1"
