{{- define "portcullis.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "portcullis.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "portcullis.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "portcullis.selector" -}}
app.kubernetes.io/name: {{ include "portcullis.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "portcullis.labels" -}}
{{ include "portcullis.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "portcullis.serviceAccount" -}}
{{- default (include "portcullis.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "portcullis.sessionSecret" -}}
{{- default (printf "%s-session" (include "portcullis.fullname" .)) .Values.mcp.session.existingSecret -}}
{{- end -}}

{{- define "portcullis.webhookSecret" -}}
{{- default (printf "%s-webhook" (include "portcullis.fullname" .)) .Values.webhook.certificate.existingSecret -}}
{{- end -}}

{{- define "portcullis.image" -}}
{{- $base := printf "%s/%s" .Values.image.registry .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $base .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $base (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Namespaces that routes are read from; none: all. The gateway has rights in no others. */}}
{{- define "portcullis.watched" -}}
{{- if .Values.rbac.namespaced -}}
{{- toJson (default (list .Release.Namespace) .Values.providers.kubernetesCRD.namespaces) -}}
{{- else -}}
{{- toJson (default (list) .Values.providers.kubernetesCRD.namespaces) -}}
{{- end -}}
{{- end -}}

{{/* What the gateway may do in the namespaces that it reads; the same rules as deploy/rbac. */}}
{{- define "portcullis.rules" -}}
- apiGroups: [traefik.io]
  resources: [ingressroutes, middlewares, traefikservices, serverstransports, tlsoptions, tlsstores]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# Only those that routing objects refer to are asked for, each by its name; RBAC has no way to say "referred to".
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [list, watch]
- apiGroups: [traefik.io]
  resources: [ingressroutes/status, middlewares/status, traefikservices/status, serverstransports/status, tlsoptions/status, tlsstores/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, get, patch]
{{- end -}}

{{/* The Lease of the replica that writes statuses. */}}
{{- define "portcullis.lease" -}}
{{- with .Values.providers.kubernetesCRD.ingressClass -}}
portcullis-{{ . }}
{{- else -}}
portcullis
{{- end -}}
{{- end -}}
