using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Functions.Tests;

/// <summary>The rooms of src/Functions.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(NanodetFunctions).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen() => Assert.True(Rooms.Uses("Http", "Jobs"));
}
