// What whoever deploys may do with data: publish models and checkpoints, put the smoke test's image in, read its result, and read the
// function keys, which the host keeps as blobs.

import { containers, keyContainer } from 'names.bicep'
import { roles } from 'roles.bicep'

param storageName string
param principalId string

@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = { name: 'default' }
}

var granted = [
  { name: containers.models, role: roles.storageBlobDataContributor }
  { name: containers.checkpoints, role: roles.storageBlobDataContributor }
  { name: containers.images, role: roles.storageBlobDataContributor }
  { name: containers.detections, role: roles.storageBlobDataReader }
  { name: keyContainer, role: roles.storageBlobDataReader }
]

resource containerResources 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for item in granted: {
    parent: account::blobs
    name: item.name
  }
]

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in granted: {
    name: guid(account.id, item.name, principalId, item.role)
    scope: containerResources[i]
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
    }
  }
]
