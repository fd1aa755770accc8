using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Functions.Tests;

/// <summary>The rooms of src/Functions.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Every room, in the order of dependence: each uses only rooms before it. The dot is what stands in none.</summary>
    private static readonly string[] Order =
    [
        ".", "Roles", "Orchestration", "Batches", "Jobs", "Publishing", "Images", "Upkeep", "Http", "Hosting", "Generated",
    ];

    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(NanodetFunctions).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void Rooms_ThatUseEachOther_AreSeen() => Assert.True(Rooms.Uses("Http", "Jobs"));

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
