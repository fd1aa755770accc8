namespace Nanodet.Serverless.Cli.Tests.Packaging;

/// <summary>Classes that share one installed tool: packing it takes half a minute.</summary>
[CollectionDefinition(Name)]
public sealed class SharedTool : ICollectionFixture<InstalledTool>
{
    /// <summary>Its name.</summary>
    public const string Name = "installed tool";
}
