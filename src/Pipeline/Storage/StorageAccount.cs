namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>How URLs of the app's own blobs look.</summary>
internal sealed class StorageAccount
{
    private readonly Uri _service;

    internal StorageAccount(string name, Uri service)
    {
        Name = name;
        _service = service;
        PathPrefix = service.AbsolutePath.Trim('/') is { Length: > 0 } path ? $"{path}/" : null;
    }

    /// <summary>The account's name.</summary>
    internal string Name { get; }

    /// <summary>What stands before the container in a path, with a slash at its end; null where the account is part of the host.</summary>
    internal string? PathPrefix { get; }

    /// <summary>True for a host, with or without port, that serves this account's blobs.</summary>
    internal bool Owns(string authority)
    {
        if (string.Equals(authority, _service.Authority, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (!Uri.TryCreate($"{_service.Scheme}://{authority}", UriKind.Absolute, out var other))
        {
            return false;
        }

        if (PathPrefix is not null)
        {
            return other.IsLoopback && _service.IsLoopback && other.Port == _service.Port;
        }

        // The same account under its other names: the data lake endpoint, or the public name of an account that is reached privately.
        return other.Host.StartsWith($"{Name}.", StringComparison.OrdinalIgnoreCase)
            && (other.Host.Contains(".blob.", StringComparison.OrdinalIgnoreCase)
                || other.Host.Contains(".dfs.", StringComparison.OrdinalIgnoreCase));
    }
}
