import { alertRules } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import { page } from './page.ts';

const prometheusConfiguration = `# Scrapes a gateway whose admin entrypoint listens on port 8080 of this machine.
global:
  scrape_interval: 10s
rule_files:
  - alerts.yaml
scrape_configs:
  - job_name: portcullis
    static_configs:
      - targets: ['127.0.0.1:8080']
`;

const compose = `# Prometheus and Grafana for a gateway on this machine, for instance "portcullis demo". Dashboard: http://127.0.0.1:3000
# The containers share the network of the machine, because the admin entrypoint listens on 127.0.0.1 only.
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    network_mode: host
    command: ['--config.file=/etc/prometheus/prometheus.yaml', '--web.listen-address=127.0.0.1:9090']
    volumes:
      - ./prometheus.yaml:/etc/prometheus/prometheus.yaml:ro
      - ./alerts.yaml:/etc/prometheus/alerts.yaml:ro
  grafana:
    image: grafana/grafana:12.1.0
    network_mode: host
    environment:
      GF_SERVER_HTTP_ADDR: 127.0.0.1
      GF_AUTH_ANONYMOUS_ENABLED: 'true'
      GF_AUTH_ANONYMOUS_ORG_ROLE: Viewer
    volumes:
      - ./grafana/provisioning:/etc/grafana/provisioning:ro
      - ./dashboard.json:/var/lib/grafana/dashboards/portcullis.json:ro
`;

const datasources = `apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    access: proxy
    url: http://127.0.0.1:9090
    isDefault: true
`;

const dashboardProvider = `apiVersion: 1
providers:
  - name: portcullis
    type: file
    options:
      path: /var/lib/grafana/dashboards
`;

/** The files of the observability kit and its page: path from the root, and content. */
export function observabilityFiles(): readonly (readonly [string, string])[] {
  const folder = 'deploy/observability';
  return [
    ['docs/observability.md', page()],
    [`${folder}/dashboard.json`, `${JSON.stringify(dashboard(), undefined, 2)}\n`],
    [`${folder}/alerts.yaml`, alertRules()],
    [`${folder}/prometheus.yaml`, prometheusConfiguration],
    [`${folder}/compose.yaml`, compose],
    [`${folder}/grafana/provisioning/datasources/prometheus.yaml`, datasources],
    [`${folder}/grafana/provisioning/dashboards/portcullis.yaml`, dashboardProvider],
  ];
}
