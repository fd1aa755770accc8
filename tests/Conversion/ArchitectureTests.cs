namespace Nanodet.Serverless.Conversion.Tests;

/// <summary>Conversion brings Nanodet.Checkpoints and Nanodet.Detection together and knows nothing else.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void References_AreTheTwoLibrariesAndYaml() => Assert.Equal(
        ["Nanodet.Checkpoints", "Nanodet.Detection", "YamlDotNet"],
        typeof(ModelConverter).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Order());
}
