#!/bin/sh
# What the scripts for sh have in common; they read it.

# A message with what was expected, found, and what to do.
stop() {
  echo "error: $*" >&2
  exit 1
}

lower() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]'; }

# The settings of the azd environment in use, for a script that azd did not start. What the shell has set counts.
read_settings() {
  values=$(azd env get-values 2>/dev/null) || return 0
  while IFS= read -r line; do
    name=${line%%=*}
    case $name in "" | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    case $line in
      # Quoted and escaped by azd: as for sh, and ! besides.
      *=\"*) line=$(printf '%s\n' "$line" | sed 's/\\!/!/g') ;;
      # A whole number is not quoted, and written anew: 007 is 7 there.
      *=*[!0-9-]*) ;;
      *) line="$name=\$(azd env get-value $name 2>/dev/null </dev/null || printf %s '${line#*=}')" ;;
    esac
    eval "[ -n \"\${$name:-}\" ] || $line"
  done <<END
$values
END
}

# az in the subscription of the deployment, whichever az uses by itself.
in_subscription() { az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}; }

# Ids of the role assignments of principal $2 at scope $1 and below it, a line each. Azure names those above it, too, which are
# somebody else's: https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
assignments_at() {
  found=$(az rest --method get --url "$1/providers/Microsoft.Authorization/roleAssignments" \
    --url-parameters api-version=2022-04-01 "\$filter=principalId eq '$2'" --query 'value[].id' --output tsv) || return
  printf '%s\n' "$found" | SCOPE=$1 awk 'index(tolower($0), tolower(ENVIRON["SCOPE"]) "/") == 1'
}
