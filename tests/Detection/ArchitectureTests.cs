using Nanodet.Detection.Detectors;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests;

/// <summary>The rooms of src/Detection, and what it knows: a model and an image, no storage, no host and no checkpoint.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(Detector).Assembly);

    private static readonly IReadOnlyList<string> References =
        [.. typeof(Detector).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)];

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen()
    {
        Assert.True(Rooms.Uses("Detectors", "Inference"));
        Assert.False(Rooms.Uses("Inference", "Detectors"));
    }

    [Theory]
    [InlineData("Nanodet.Serverless.")]
    [InlineData("Nanodet.Checkpoints")]
    [InlineData("Azure.")]
    [InlineData("Polly")]
    [InlineData("Microsoft.Azure.")]
    [InlineData("Microsoft.DurableTask")]
    [InlineData("Microsoft.AspNetCore")]
    [InlineData("Microsoft.Extensions.Hosting")]
    public void References_HaveNone(string forbidden) =>
        Assert.DoesNotContain(References, name => name.StartsWith(forbidden, StringComparison.Ordinal));

    [Fact]
    public void References_OfTheRuntime_AreSeen() => Assert.Contains("Microsoft.ML.OnnxRuntime", References);
}
