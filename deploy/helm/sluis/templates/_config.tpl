{{- /* The operator's choices and, over them, what the rest of the chart counts on. */ -}}
{{- define "sluis.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config.smtp "listen" "0.0.0.0:2525" -}}
{{- if not $config.smtp.upstream -}}
{{- $_ := set $config.smtp "upstream" nil -}} {{- /* said outright: left out, it would be a Maildir */ -}}
{{- end -}}
{{- if $config.imap.upstream -}}
{{- $_ := set $config.imap "listen" "0.0.0.0:1143" -}}
{{- end -}}
{{- $_ := set $config "web" (dict "listen" "0.0.0.0:9125") -}}
{{- $_ := set $config "state" "/state" -}}
{{- toYaml $config -}}
{{- end -}}
