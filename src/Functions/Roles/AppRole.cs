namespace Nanodet.Serverless.Functions.Roles;

/// <summary>What a process of the app does. Setting <c>Nanodet:Role</c>.</summary>
public enum AppRole
{
    /// <summary>Everything: one process is the whole app.</summary>
    All,

    /// <summary>Triggers, orchestrations, HTTP and writing; never loads the model.</summary>
    Coordinator,

    /// <summary>The warm model and the queue of batches.</summary>
    Worker,
}
