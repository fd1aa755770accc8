using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>The rooms of src/Pipeline, and what it knows: it serves models, and never reads a checkpoint.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(PipelineServices).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen()
    {
        Assert.True(Rooms.Uses("Serving", "Registry"));
        Assert.False(Rooms.Uses("Registry", "Serving"));
    }

    [Theory]
    [InlineData("Nanodet.Checkpoints")]
    [InlineData("Microsoft.Azure.Functions")]
    [InlineData("Microsoft.DurableTask")]
    [InlineData("Microsoft.AspNetCore")]
    public void References_HaveNone(string forbidden) => Assert.DoesNotContain(
        typeof(PipelineServices).Assembly.GetReferencedAssemblies(), reference => reference.Name!.StartsWith(forbidden, StringComparison.Ordinal));
}
