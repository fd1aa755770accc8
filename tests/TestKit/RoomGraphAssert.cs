namespace Nanodet.Serverless.TestKit;

/// <summary>Says which rooms form a circle, and by what.</summary>
public static class RoomGraphAssert
{
    /// <summary>Fails where rooms use each other.</summary>
    /// <exception cref="InvalidOperationException">They do; the message has an example of each use.</exception>
    public static void NoCircle(RoomGraph rooms)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        if (rooms.FindCircles() is { Count: > 0 } circles)
        {
            throw new InvalidOperationException($"Expected rooms without circles, found:{Environment.NewLine}{string.Join(Environment.NewLine, circles)}");
        }
    }
}
