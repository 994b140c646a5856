{{- /* The name of everything: the release's, with the chart's where it is not in it. */ -}}
{{- define "sluis.name" -}}
{{- $name := contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- trunc 54 $name | trimSuffix "-" -}}
{{- end -}}

{{- /* What pods are found by. It may never change. */ -}}
{{- define "sluis.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluis.labels" -}}
{{ include "sluis.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- /* The Secret with the certificate; empty where there is none. */ -}}
{{- define "sluis.certificate" -}}
{{- if .Values.tls.secret -}}
{{ .Values.tls.secret }}
{{- else if .Values.tls.certificate -}}
{{ include "sluis.name" . }}-tls
{{- end -}}
{{- end -}}

{{- /* The ports that clients come to, as a mapping from name to number. */ -}}
{{- define "sluis.doors" -}}
{{- if .Values.config.smtp.upstream }}
smtp: {{ .Values.service.port }}
{{- end }}
{{- if .Values.config.imap.upstream }}
imap: {{ .Values.service.readingPort }}
{{- end }}
{{- end -}}
