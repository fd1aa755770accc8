// A Durable Task Scheduler with one task hub: it keeps the orchestrations in place of the storage account, is billed by action, and wakes
// an app that has gone to zero.

import { roles } from 'roles.bicep'

param location string
param tags object
param name string
param hubName string

@description('Names of the identities of the apps: one runs orchestrations, the other raises their events.')
param identityNames array

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'Consumption' }
    // Who gets in is decided by the role below.
    ipAllowlist: ['0.0.0.0/0']
  }

  resource hub 'taskHubs' = {
    name: hubName
    properties: {}
  }
}

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for identityName in identityNames: {
    name: identityName
  }
]

resource mayOrchestrate 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (identityName, i) in identityNames: {
    name: guid(scheduler::hub.id, identityName, roles.durableTaskDataContributor)
    scope: scheduler::hub
    properties: {
      principalId: identities[i].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.durableTaskDataContributor
      )
    }
  }
]

output endpoint string = scheduler.properties.endpoint
