{{- /* What every container of a pod has, whatever it runs. */ -}}
{{- define "sluis.container" -}}
{{- $tls := include "sluis.certificate" . -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- if $tls }}
env:
  {{- range $gate := include "sluis.doors" . | fromYaml | keys | sortAlpha }}
  - name: SLUIS_{{ upper $gate }}__TLS__CERTIFICATE
    value: /run/sluis/tls/tls.crt
  - name: SLUIS_{{ upper $gate }}__TLS__KEY
    value: /run/sluis/tls/tls.key
  {{- end }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: config
    mountPath: /etc/sluis
    readOnly: true
  - name: state
    mountPath: /state
  - name: tmp
    mountPath: /tmp
  {{- if $tls }}
  - name: tls
    mountPath: /run/sluis/tls
    readOnly: true
  {{- end }}
{{- end -}}
