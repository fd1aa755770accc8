// The Container Apps environment: a Consumption profile, and the GPU's where one is asked for. Its logs go to the workspace by a
// diagnostic setting, which needs no key.

param location string
param tags object
param token string
param workspaceName string

@description('Type of the GPU workload profile; empty for none.')
param gpuProfileType string

@description('Its name in the environment.')
param gpuProfileName string

@description('Subnet of the environment; empty for none of its own.')
param subnetId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = { name: workspaceName }

resource environment 'Microsoft.App/managedEnvironments@2026-01-01' = {
  name: 'cae-${token}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    // A consumption GPU profile has neither minimumCount nor maximumCount.
    workloadProfiles: concat(
      [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
      empty(gpuProfileType) ? [] : [{ name: gpuProfileName, workloadProfileType: gpuProfileType }]
    )
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: false }
  }
}

// A preview, for want of another: the stable versions (2015-07-01, 2016-09-01) have no groups of categories, such as all logs.
// https://learn.microsoft.com/azure/templates/microsoft.insights/change-log/diagnosticsettings
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

output id string = environment.id
