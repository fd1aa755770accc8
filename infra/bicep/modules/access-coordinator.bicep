// What the coordinator may do: the roles that the Functions host and Durable Functions ask for on their storage account. They cover
// what it does itself: it reads images, writes results, keeps jobs and lists, publishes models.

import { roles } from 'roles.bicep'

param storageName string
param identityName string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = { name: storageName }
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identityName }

var granted = [
  roles.storageBlobDataOwner
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in granted: {
    name: guid(account.id, identity.id, role)
    scope: account
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
