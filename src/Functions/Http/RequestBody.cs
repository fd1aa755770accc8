namespace Nanodet.Serverless.Functions.Http;

/// <summary>Bodies of requests, which anybody may send.</summary>
internal static class RequestBody
{
    /// <summary>The most that is allocated because a header announces it, in bytes; beyond it memory follows what has come.</summary>
    internal const int Trusted = 1 << 20;

    private const int Unannounced = 64 << 10;

    /// <summary>Reads a body into one buffer.</summary>
    /// <param name="body">The body.</param>
    /// <param name="announced">Its length in bytes as a header says, true or not; null where none does.</param>
    /// <param name="limit">The most that is taken, in bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The bytes; null when they are more than the limit, or announced to be.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(
        Stream body, long? announced, long limit, CancellationToken cancellationToken)
    {
        if (announced > limit)
        {
            return null;
        }

        // One byte more than may come shows that too much has come, and one more than is announced that nothing follows.
        var most = Math.Min(limit, Array.MaxLength - 1) + 1;
        var expected = Math.Min(announced + 1 ?? Unannounced, most);
        var buffer = new byte[Math.Min(expected, Trusted)];
        var length = 0;
        int read;
        while ((read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
            if (length > limit)
            {
                return null;
            }

            if (length == buffer.Length)
            {
                var doubled = Math.Min(2L * length, most);
                Array.Resize(ref buffer, (int)(expected > length ? Math.Min(expected, doubled) : doubled));
            }
        }

        return buffer.AsMemory(0, length);
    }
}
