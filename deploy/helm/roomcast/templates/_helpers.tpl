{{- define "roomcast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "roomcast.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "roomcast.selectorLabels" -}}
app.kubernetes.io/name: {{ include "roomcast.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "roomcast.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "roomcast.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "roomcast.secretName" -}}
{{- default (include "roomcast.fullname" .) .Values.secret.existing }}
{{- end }}

{{/* What the release cannot run with is said before anything is made. */}}
{{- define "roomcast.check" -}}
{{- if not .Values.secret.existing }}
{{- if lt (len .Values.secret.jwtSecret) 32 }}
{{- fail "secret.jwtSecret must have 32 bytes or more, unless secret.existing names a secret with ROOMCAST_JWT_SECRET" }}
{{- end }}
{{- if and (or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1)) (not .Values.redis.url) }}
{{- fail "more than one pod need redis.url, unless secret.existing names a secret with ROOMCAST_REDIS_URL" }}
{{- end }}
{{- end }}
{{- end }}
