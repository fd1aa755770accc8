using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests;

/// <summary>The rooms of src/Cli.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(NanodetCommand).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen() => Assert.True(Rooms.Uses("Commands", "Output"));
}
