// Logs and telemetry. Application Insights takes nothing without a token, so its connection string is an address and no secret.

import { roles } from 'roles.bicep'

param location string
param tags object
param workspaceName string
param insightsName string

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Names of the identities that send telemetry.')
param identityNames array

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for identityName in identityNames: {
    name: identityName
  }
]

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (identityName, i) in identityNames: {
    name: guid(insights.id, identityName, roles.monitoringMetricsPublisher)
    scope: insights
    properties: {
      principalId: identities[i].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.monitoringMetricsPublisher
      )
    }
  }
]
