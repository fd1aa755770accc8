using Nanodet.Checkpoints;

namespace Nanodet.Serverless.Checkpoints.Tests;

/// <summary>Asserts how something is refused.</summary>
internal static class Refusal
{
    private const int LongestMessage = 8003;

    /// <summary>Asserts that an action is refused with that code and a message that has all those words, and is fit to be shown.</summary>
    public static CheckpointException Expect(string code, Action action, params string[] words)
    {
        var exception = Assert.Throws<CheckpointException>(action);
        Assert.True(code == exception.Code, $"{code} was expected, {exception.Code} was found: {exception.Message}");
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        Assert.InRange(exception.Message.Length, 1, LongestMessage);
        Assert.DoesNotContain(exception.Message, char.IsControl);
        return exception;
    }

    /// <summary>As <see cref="Expect"/>, and asserts that the calling thread allocated at most so many bytes on the way.</summary>
    public static CheckpointException ExpectWithin(long bytes, string code, Action action, params string[] words)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var exception = Expect(code, action, words);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bytes);
        return exception;
    }
}
