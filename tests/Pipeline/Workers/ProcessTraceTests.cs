using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

public sealed class ProcessTraceTests
{
    private static string Folder => Path.Combine(Path.GetTempPath(), "nanodet", "workers");

    [Fact]
    public void HasDied_ProcessThatLives_IsFalse()
    {
        using var one = new ProcessTrace(TimeProvider.System);
        using var other = new ProcessTrace(TimeProvider.System);

        Assert.False(one.HasDied(other.Id));
        Assert.False(one.HasDied(one.Id));
        Assert.True(File.Exists(Path.Combine(Folder, $"{other.Id}.lock")));
    }

    [Fact]
    public void HasDied_ProcessThatWasKilled_IsTrueForEverybody()
    {
        using var one = new ProcessTrace(TimeProvider.System);
        var dead = LeaveDead();

        Assert.True(one.HasDied(dead));
        Assert.True(one.HasDied(dead));
    }

    /// <summary>It removed its marks itself; what it could not remove is looked at when it is old.</summary>
    [Fact]
    public void HasDied_ProcessThatEndedInOrder_IsNotKnown()
    {
        using var one = new ProcessTrace(TimeProvider.System);
        var other = new ProcessTrace(TimeProvider.System);
        other.Dispose();

        Assert.False(one.HasDied(other.Id));
        Assert.False(File.Exists(Path.Combine(Folder, $"{other.Id}.lock")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a process before")]
    [InlineData("../workers/00000000000000000000000000000000")]
    [InlineData("00000000000000000000000000000000")]
    public void HasDied_ProcessOfAnotherMachine_IsNotKnown(string process)
    {
        using var one = new ProcessTrace(TimeProvider.System);

        Assert.False(one.HasDied(process));
    }

    [Fact]
    public void Create_TracesOfLongAgo_AreRemovedWhereTheirProcessIsDead()
    {
        var (old, young) = (LeaveDead(), LeaveDead());
        File.SetLastWriteTimeUtc(Path.Combine(Folder, $"{old}.lock"), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));

        using var one = new ProcessTrace(TimeProvider.System);

        Assert.False(File.Exists(Path.Combine(Folder, $"{old}.lock")));
        Assert.True(File.Exists(Path.Combine(Folder, $"{young}.lock")));
    }

    /// <summary>What a process leaves that was killed: its file, which nobody holds.</summary>
    internal static string LeaveDead()
    {
        var process = Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, $"{process}.lock"), string.Empty);
        return process;
    }
}
