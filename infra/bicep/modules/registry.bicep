// The registry of the image. The apps pull by identity; there is no admin user.

import { roles } from 'roles.bicep'

param location string
param tags object
param name string

@description('Its tier.')
@allowed(['Basic', 'Standard', 'Premium'])
param sku string

@description('Names of the identities that pull.')
param identityNames array

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for identityName in identityNames: {
    name: identityName
  }
]

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (identityName, i) in identityNames: {
    name: guid(registry.id, identityName, roles.acrPull)
    scope: registry
    properties: {
      principalId: identities[i].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    }
  }
]

output loginServer string = registry.properties.loginServer
