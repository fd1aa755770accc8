using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>The rooms of src/LocalHost.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Every room, in the order of dependence: each uses only rooms before it. The dot is what stands in none.</summary>
    private static readonly string[] Order =
    [
        ".", "Processes", "Settings", "Logging", "Azurite", "Rpc", "Worker", "Functions", "Engines", "Http", "Hosting",
    ];

    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(FunctionHost).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen() => Assert.True(Rooms.Uses("Worker", "Rpc"));

    [Fact]
    public void Rooms_FollowTheirOrder()
    {
        Assert.Equal(Order.Order(StringComparer.Ordinal), Rooms.Rooms.Order(StringComparer.Ordinal));
        Assert.Empty(
            from room in Order.Index()
            from later in Order.Skip(room.Index + 1)
            where Rooms.Uses(room.Item, later)
            select $"{room.Item} uses {later}");
    }
}
