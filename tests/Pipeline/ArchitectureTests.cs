using Nanodet.Serverless.Pipeline.Detectors;

namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>Pipeline serves models: it never reads a checkpoint, and it knows no host.</summary>
public class ArchitectureTests
{
    private static readonly IReadOnlyList<string> References =
        [.. typeof(Detector).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)];

    [Theory]
    [InlineData("Nanodet.Serverless.")]
    [InlineData("Microsoft.Azure.Functions")]
    [InlineData("Microsoft.DurableTask")]
    [InlineData("Microsoft.AspNetCore")]
    public void Pipeline_References_None(string forbidden) =>
        Assert.DoesNotContain(References, name => name.StartsWith(forbidden, StringComparison.Ordinal));

    [Fact]
    public void References_OfTheRuntime_AreSeen() => Assert.Contains("Microsoft.ML.OnnxRuntime", References);
}
