namespace Nanodet.Serverless.TestKit;

/// <summary>A clock that moves on by one millisecond whenever it is read.</summary>
public sealed class StepTimeProvider : TimeProvider
{
    private long _reads;

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => Interlocked.Increment(ref _reads);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(Interlocked.Increment(ref _reads));
}
