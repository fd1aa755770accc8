using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>The rooms of src/LocalHost.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(FunctionHost).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => Assert.Equal(string.Empty, string.Join(Environment.NewLine, Rooms.FindCircles()));

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen() => Assert.True(Rooms.Uses("Worker", "Rpc"));
}
