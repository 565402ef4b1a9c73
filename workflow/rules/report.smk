onsuccess:
    shell("python -m priorbench summary --config {layout.root:q}/config.yaml")


onerror:
    shell("python -m priorbench summary --config {layout.root:q}/config.yaml || true")
